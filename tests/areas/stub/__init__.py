"""A small area with one of everything, as somebody who adds an area would write it: visits to a page are counted."""
