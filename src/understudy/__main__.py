"""`python -m understudy`: the same as the command."""

import sys

from understudy.cli import main

sys.exit(main())
