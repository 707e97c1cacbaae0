"""Fashion-MNIST: its files, where they come from, the long-tailed set, scenes of its garments.

Only ``long_tailed`` and ``scene_set``, the data sets, import torch.
"""
