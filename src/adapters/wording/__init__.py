"""The words of the product in every language, and the figures among them: gettext catalogues and CLDR, through Babel."""
