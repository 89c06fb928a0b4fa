"""Pictures on a page, each with its class and what it was taken for."""

import base64

from markupsafe import Markup

from ablab.report.chart import Images, Shot


def wall(chart: Images) -> Markup:
    """As many beside each other as there is room for."""
    return Markup('<ul class="shots">{}</ul>').format(Markup("").join(map(_shot, chart.shots)))


def _shot(shot: Shot) -> Markup:
    source = "data:image/png;base64," + base64.b64encode(shot.png).decode()
    return Markup(
        '<li><img src="{}" alt="test image {}" width="64" height="64">'
        "<span data-label><b><bdi>{}</bdi></b><br>→ <bdi>{}</bdi> {}</span></li>"
    ).format(source, shot.number, shot.label, shot.answer, shot.detail or "–")
