"""E-mail: letters worded in the member's language, and two ways to send them, Resend and a folder on this machine."""
