"""Writes reference.json: what torchvision makes of one image, for the tests of the operations.

Run with torch 2.15 and torchvision 0.29: python make_reference.py > reference.json
"""

import json
import math

import torch
from torchvision.transforms.v2 import functional as F

generator = torch.Generator().manual_seed(1)
image = torch.randint(0, 256, (3, 7, 9), generator=generator).float()
# A dark, a saturated and a grey part, so that clamping and equal channels occur.
image[:, :2] *= 0.3
image[0, 2:4, :5] = 255
image[:, 6] = image[0, 6]
image = image.round() / 255


def sheared(x, y):
    shear = [math.degrees(math.atan(x)), math.degrees(math.atan(y))]
    return F.affine(image, angle=0.0, translate=[0, 0], scale=1.0, shear=shear, center=[0, 0])


def moved(x, y):
    return F.affine(image, angle=0.0, translate=[x, y], scale=1.0, shear=[0.0, 0.0])


cases = {
    "image": image,
    "flip": F.horizontal_flip(image),
    "crop": F.resized_crop(image, 2, 1, 4, 6, [7, 9], antialias=True),
    "crop_small": F.resized_crop(image, 0, 7, 1, 2, [7, 9], antialias=True),
    "brightness": F.adjust_brightness(image, 1.4),
    "contrast": F.adjust_contrast(image, 1.5),
    "contrast_less": F.adjust_contrast(image, 0.4),
    "saturation": F.adjust_saturation(image, 1.9),
    "saturation_less": F.adjust_saturation(image, 0.2),
    "hue": F.adjust_hue(image, 0.1),
    "hue_back": F.adjust_hue(image, -0.35),
    "sharpness": F.adjust_sharpness(image, 1.9),
    "sharpness_less": F.adjust_sharpness(image, 0.1),
    "posterize": F.posterize(image, 4),
    "solarize": F.solarize(image, 0.5),
    "auto_contrast": F.autocontrast(image),
    "equalize": F.equalize(image),
    "shear_x": sheared(0.27, 0.0),
    "shear_x_back": sheared(-0.21, 0.0),
    "shear_y": sheared(0.0, 0.27),
    "translate_x": moved(3, 0),
    "translate_y": moved(0, -2),
    "rotate": F.rotate(image, 20.0),
    "rotate_back": F.rotate(image, -27.0),
    "erase": F.erase(image, 1, 2, 3, 4, torch.zeros(1, 1, 1)),
}
lines = (f'  "{name}": {json.dumps([round(x, 6) for x in values.flatten().tolist()])}' for name, values in cases.items())
print("{\n" + ",\n".join(lines) + "\n}")
