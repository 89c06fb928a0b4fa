"""Numbers in, values out: paired differences, sequential looks, confusion. It knows no studies and no torch."""
