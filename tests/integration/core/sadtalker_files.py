"""SadTalker's files with random weights: the names and keys of the official ones; the networks that draw are small."""

from pathlib import Path

import torch
from safetensors.torch import save_file

from paksatalker.models.sadtalker.audio2exp import Audio2Exp
from paksatalker.models.sadtalker.audio2pose import Audio2Pose
from paksatalker.models.sadtalker.face_recon import FaceRecon
from paksatalker.models.sadtalker.generator import Generator, GeneratorConfig
from paksatalker.models.sadtalker.keypoints import KeyPointFeatures, KPDetector
from paksatalker.models.sadtalker.mapping import CROP_COEFFICIENTS, FULL_COEFFICIENTS, MappingNet

SMALL = GeneratorConfig(
    width=8, max_channels=32, volume_channels=4, depth=4, res_blocks=1, motion_width=4,
    motion_max_channels=16, motion_layers=2, decoder_width=4, decoder_hidden=8, decoder_blocks=1,
)  # fmt: skip


def generator() -> Generator:
    return Generator(SMALL)


def detector() -> KPDetector:
    return KPDetector(features=KeyPointFeatures(width=4, max_channels=32, flat_channels=64, depth=4))


def mapping(coefficients: int) -> MappingNet:
    return MappingNet(coefficients, channels=32)


def write(folder: Path) -> Path:
    """Writes what a video of 256 pixels needs."""
    torch.manual_seed(11)
    parts = {
        "kp_extractor": detector(),
        "generator": generator(),
        "audio2exp": Audio2Exp(),
        "audio2pose": Audio2Pose(),
        "face_3drecon": FaceRecon(),
    }
    tensors = {f"{name}.{key}": value for name, net in parts.items() for key, value in net.state_dict().items()}
    save_file(tensors, folder / "SadTalker_V0.0.2_256.safetensors")
    for name, count in (("00229", CROP_COEFFICIENTS), ("00109", FULL_COEFFICIENTS)):
        torch.save({"mapping": mapping(count).state_dict()}, folder / f"mapping_{name}-model.pth.tar")
    return folder
