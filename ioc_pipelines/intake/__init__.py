"""From a delivery to the contract's columns: landing, layout, conform, batch."""
