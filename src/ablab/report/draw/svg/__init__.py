"""Charts in SVG and HTML, for pages: `draw` one, `figure` with legend and caption, `document` as a file of its own.

Colours and dashes are CSS classes, so that a page is right in light and in dark; `css` has them all.
"""

from ablab.report.draw.svg.document import css as css
from ablab.report.draw.svg.document import document as document
from ablab.report.draw.svg.figure import draw as draw
from ablab.report.draw.svg.figure import figure as figure
from ablab.report.draw.svg.lines import spark as spark
from ablab.report.draw.svg.parts import sample as sample
