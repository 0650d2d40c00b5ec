"""From bytes to a table under the source's own column names, as the feed's layout declares."""
