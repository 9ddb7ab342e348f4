"""Whether an installation is fit to work: everything that it depends on, looked at from where it runs."""
