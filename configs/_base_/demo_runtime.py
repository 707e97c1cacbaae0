# What the demos start from: default_runtime.py, and TensorBoard's event files where it is installed, which
# `pip install 'ltcl[tensorboard]'` does (docs/tracking.md).
_base_ = './default_runtime.py'

visualizer = dict(
    vis_backends=[dict(type='ltcl.LocalVisBackend'), dict(type='ltcl.TensorboardVisBackend', optional=True)]
)
