"""Reports: facts of one snapshot become a document, and a document becomes files."""
