"""Looking into cassettes: views as text and HTML, findings, validation against the spec."""
