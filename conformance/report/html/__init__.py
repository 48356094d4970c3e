"""Report page: one HTML file about a run, made from the run record by templates."""
