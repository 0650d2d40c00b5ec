"""The data backbone of a provincial Intelligent Operations Centre."""
