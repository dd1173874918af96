"""Small ports from Assistants to Responses with the bugs that such ports really had, and what finds them: see README.md."""
