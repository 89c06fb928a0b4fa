"""Charts as pictures of matplotlib, for PNG, PDF and SVG files and for notebooks."""

from ablab.report.draw.matplotlib.figure import figure as figure
