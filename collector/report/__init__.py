"""One report value and its renderings: text, JSON, CSV."""
