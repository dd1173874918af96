"""`python -m understudy`: the same as the command."""

import sys

from understudy._cli.main import main

sys.exit(main())
