# Your own images, with the tail that they have.
#
#     --cfg-options data_root=data/birds
#
#     data/birds/<class>/*.jpg
#     data/birds/{train,val,test}/<class>/*.jpg                          val and test may be missing
#     data/birds/{train,val,test}.txt or .csv, lines "path label"        val and test may be missing
#
# Number and names of the classes, class counts and shot groups come from the images. Without a part for validation,
# val_share of each class is drawn for it; without a test set, the test is on the images of validation.
data_root = 'data/own_images'
num_classes = None  # filled with that of the data at the start, here and wherever a config says None
val_share = 0.2
split_seed = 0
data_preprocessor = dict(
    type='ltcl.MultiViewDataPreprocessor',
    num_classes=num_classes,
    mean=[255 * mean for mean in (0.485, 0.456, 0.406)],
    std=[255 * std for std in (0.229, 0.224, 0.225)],
    to_rgb=False,
)

# As viewers show photographs of a telephone, and drawings without a background.
load = dict(type='ltcl.LoadImage', upright=True, background=(255, 255, 255))
pack = dict(type='PackInputs')
train_pipeline = [load, dict(type='ltcl.Views', recipes=['randcls'], size=224, backend='opencv'), pack]
test_pipeline = [load, dict(type='ltcl.EvalView', resize=256, size=224), pack]

images = dict(type='ltcl.OwnImages', data_root=data_root, val_share=val_share, split_seed=split_seed)
workers = dict(num_workers=4, persistent_workers=True)
train_dataloader = dict(
    batch_size=32,
    **workers,
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    drop_last=True,
    dataset=dict(**images, split='train', pipeline=train_pipeline),
)
evaluation = dict(
    batch_size=64,
    **workers,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
)
val_dataloader = dict(**evaluation, dataset=dict(**images, split='val', pipeline=test_pipeline))
test_dataloader = dict(**evaluation, dataset=dict(**images, split='test', pipeline=test_pipeline))
# The bounds part many-, medium- and few-shot classes: more than 100 training images, fewer than 20.
val_evaluator = [dict(type='ltcl.ShotAccuracy', bounds=(20, 100))]
test_evaluator = val_evaluator
