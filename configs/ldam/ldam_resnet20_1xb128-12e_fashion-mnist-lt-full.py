_base_ = '../cross_entropy/cross-entropy_resnet20_1xb128-100e_fashion-mnist-lt-small.py'

# Margins are cosines, so the classifier is a cosine classifier; scale and largest margin are LDAM's.
loss = dict(type='ltcl.LDAMLoss', num_classes=10, scale=30.0, max_margin=0.5)
model = dict(head=dict(_delete_=True, type='ltcl.CosineClsHead', num_classes=10, scale=30.0, loss=loss))

# Fashion-MNIST-LT `full`: 14,886 training images (6,000 of the largest class, 60 of the smallest).
train_dataloader = dict(dataset=dict(num_max=6000))
param_scheduler = dict(_delete_=True, type='CosineAnnealingLR', T_max=12)
train_cfg = dict(max_epochs=12, val_interval=2)
