"""What a vendor may publish of a run: a page, badges and Markdown."""
