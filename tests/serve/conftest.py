"""What every test here may ask for."""

from tests.serve.serving import serve as serve
