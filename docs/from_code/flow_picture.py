"""The drawing of a flow: views, encoders, head with its state, losses, and the hooks that act on them."""

from .flow import Flow, State
from .svg import LINE, Box, arrow, figure, text

VIEW, ENCODER, HEAD, LOSS, END = 10, 120, 400, 710, 940
"""Left sides of the columns, and of what is right of them."""
HEAD_WIDTH = 270


def picture(flow: Flow) -> str:
    """A figure in HTML."""
    views = _column(flow)
    encoders = _encoders(flow, views)
    head = _head(flow, max(views[-1].bottom, encoders[-1].bottom))
    losses = _losses(flow, head)
    hooks = [
        Box(HEAD, head.bottom + 30 + number * 34, HEAD_WIDTH, 26, (name,), 'hook')
        for number, name in enumerate(flow.hooks)
    ]
    boxes = [*views, *encoders, head, *losses, *hooks]
    parts = [*(box.drawn() for box in boxes), *_arrows(flow, views, encoders, head), *_loss_arrows(head, losses)]
    if hooks:
        parts += [
            arrow(HEAD + HEAD_WIDTH / 2, hooks[0].y, HEAD + HEAD_WIDTH / 2, head.bottom, 'hook'),
            *_momentum(flow, encoders),
        ]
    height = max(box.bottom for box in boxes) + 10
    return figure(END, height, parts, caption(flow))


def caption(flow: Flow) -> str:
    """What the drawing shows, in a sentence or two."""
    drawn = f', drawn by {flow.sampler}' if flow.sampler else ''
    mixed = f', mixed by {" and ".join(flow.mixing)}' if flow.mixing else ''
    after = '' if flow.classifies else ' The head has no classifier: a second stage trains one.'
    return f'Read from {flow.config}: one image of a batch{drawn}{mixed}.{after}'


def _column(flow: Flow) -> list[Box]:
    """The views, one below the other: first those of the trained encoder."""
    names = [(name, 'online') for name in flow.online] + [(name, 'key') for name in flow.keys]
    number_of = len(names)
    return [
        Box(
            VIEW,
            30 + number * 40 + (60 if look == 'key' else 0),
            80,
            30,
            (f'{name} {number + 1}' if number_of > 1 else name,),
            look,
        )
        for number, (name, look) in enumerate(names)
    ]


def _encoders(flow: Flow, views: list[Box]) -> list[Box]:
    found = []
    for look in ('online', 'key'):
        own = [view for view in views if view.look == look]
        if own:
            words = flow.trained if look == 'online' else _key_words(flow)
            middle = (own[0].y + own[-1].bottom) / 2
            found.append(Box(ENCODER, middle - 24, 130, 48, (flow.encoder, words), look))
    return found


def _key_words(flow: Flow) -> str:
    return 'momentum encoder' if flow.has_momentum else 'for the keys'


def _head(flow: Flow, bottom: float) -> Box:
    lines = (flow.head, *(_in_words(each) for each in flow.state))
    height = max(30 + LINE * len(lines), 76)
    return Box(HEAD, max(20, (bottom + 30) / 2 - height / 2), HEAD_WIDTH, height, lines, 'head')


def _hooks(flow: Flow, head: Box) -> list[Box]:
    top = head.bottom + 30
    return [Box(HEAD, top + number * 34, HEAD_WIDTH, 26, (name,), 'hook') for number, name in enumerate(flow.hooks)]


def _in_words(state: State) -> str:
    about = ', '.join(filter(None, (state.kind, state.size)))
    return f'{state.name}: {about}'


def _losses(flow: Flow, head: Box) -> list[Box]:
    names = flow.losses or ('nothing is trained',)
    top = head.middle - (len(names) * 40 - 10) / 2
    boxes = [Box(LOSS, top + number * 40, 220, 30, (name,), 'loss') for number, name in enumerate(names)]
    if flow.terms:
        boxes.append(Box(LOSS, boxes[-1].bottom + 14, 220, 20, (' + '.join(flow.terms),), 'terms'))
    return boxes


def _arrows(flow: Flow, views: list[Box], encoders: list[Box], head: Box) -> list[str]:
    """From views to encoders, and from encoders to the head with what they hand over."""
    by_look = {encoder.look: encoder for encoder in encoders}
    parts = [arrow(view.right, view.middle, ENCODER, by_look[view.look].middle) for view in views]
    handed = [(by_look[look], words) for look in by_look for words in _outputs(flow, look)]
    for number, (encoder, words) in enumerate(handed):
        same = [each for each, _ in handed].index(encoder)
        start = encoder.middle + (number - same - (_count(handed, encoder) - 1) / 2) * 22
        end = head.y + head.height * (number + 1) / (len(handed) + 1)
        parts.append(arrow(encoder.right, start, HEAD, end))
        parts.append(text(encoder.right + 64, start + (end - start) * 0.42 - 4, words, 'label'))
    return parts


def _count(handed: list[tuple[Box, str]], encoder: Box) -> int:
    return sum(each == encoder for each, _ in handed)


def _outputs(flow: Flow, look: str) -> list[str]:
    embedding = f'{"keys" if look == "key" else "embeddings"}, width {flow.projector}'
    features = ['features'] if look == 'online' and flow.classifies else []
    return features + ([embedding] if flow.projector else [])


def _loss_arrows(head: Box, losses: list[Box]) -> list[str]:
    return [arrow(head.right, head.middle, LOSS, loss.middle) for loss in losses if loss.look == 'loss']


def _momentum(flow: Flow, encoders: list[Box]) -> list[str]:
    if not flow.has_momentum or len(encoders) < 2:
        return []
    first, second = encoders
    x = first.x + first.width / 2
    return [
        arrow(x, first.bottom, x, second.y, 'hook'),
        text(x + 6, (first.bottom + second.y) / 2 + 4, 'moving average', anchor='start'),
    ]
