"""The yardstick on wddmcheck and on its peers, each with a model written for it by hand."""
