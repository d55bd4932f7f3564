"""PoseVAE: sound to head motion, in one of 46 manners (W. Zhang et al., "SadTalker", CVPR 2023, section 3.3)."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn

from paksatalker.models.sadtalker.audio_encoder import WIDTH, audio_encoder
from paksatalker.models.sadtalker.res_unet import ResUnet

#: Frames that are made at once.
CHUNK = 32
#: Numbers of a pose: three angles (radians) and the translation.
POSE = 6
#: Numbers of the noise that a chunk's motion comes from.
LATENT = 64
#: Manners of moving the head.
STYLES = 46
#: Sound is brought down to this many numbers a frame before it meets the noise.
_SOUND = 6
_HIDDEN = 128


class _AudioEncoder(nn.Module):
    """The encoder, one name deeper, as the checkpoint has it."""

    def __init__(self) -> None:
        super().__init__()
        self.audio_encoder = audio_encoder()

    def forward(self, mel: Tensor) -> Tensor:
        out: Tensor = self.audio_encoder(mel)
        return out.flatten(1)


class PoseEncoder(nn.Module):
    """Real motion to the noise that it would come from.

    Only training needs it; it is here because official checkpoints have it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.classbias = nn.Parameter(torch.zeros(STYLES, LATENT))
        self.resunet = ResUnet()
        width = POSE + LATENT + (POSE + _SOUND) * CHUNK
        self.MLP = nn.Sequential(OrderedDict(L0=nn.Linear(width, _HIDDEN), A0=nn.ReLU()))
        self.linear_means = nn.Linear(_HIDDEN, LATENT)
        self.linear_logvar = nn.Linear(_HIDDEN, LATENT)
        self.linear_audio = nn.Linear(WIDTH, _SOUND)


class PoseDecoder(nn.Module):
    """Noise, sound and the first pose to a chunk of head motion."""

    def __init__(self) -> None:
        super().__init__()
        self.classbias = nn.Parameter(torch.zeros(STYLES, LATENT))
        self.resunet = ResUnet()
        self.MLP = nn.Sequential(
            OrderedDict(
                L0=nn.Linear(POSE + LATENT + _SOUND * CHUNK, _HIDDEN),
                A0=nn.ReLU(),
                L1=nn.Linear(_HIDDEN, POSE * CHUNK),
                sigmoid=nn.Sigmoid(),
            )
        )
        self.pose_linear = nn.Linear(POSE, POSE)
        self.linear_audio = nn.Linear(WIDTH, _SOUND)

    def forward(self, noise: Tensor, sound: Tensor, first: Tensor, style: Tensor) -> Tensor:
        """Motion relative to the first pose.

        Args:
            noise: From the standard normal distribution, [B, 64].
            sound: Embedded sound of 32 frames, [B, 32, 512].
            first: The pose that motion is relative to, [B, 6].
            style: The manner, integers [B], 0–45.

        Returns:
            float32 [B, 32, 6].
        """
        z = noise + self.classbias[style]
        hidden = self.MLP(torch.cat([first, z, self.linear_audio(sound).flatten(1)], dim=1))
        moves = self.resunet(hidden.view(-1, 1, CHUNK, POSE))
        out: Tensor = self.pose_linear(moves[:, 0])
        return out


class PoseVAE(nn.Module):
    """Encoder and decoder."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = PoseEncoder()
        self.decoder = PoseDecoder()


class _DiscriminatorBlock(nn.Module):
    def __init__(self, source: int, target: int, kernel: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(source, target, kernel, bias=False)
        self.norm = nn.BatchNorm1d(target)


class MotionDiscriminator(nn.Module):
    """Tells real motion from made one.

    Only training needs it; it is here because official checkpoints have it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.seq = nn.Sequential(
            _DiscriminatorBlock(POSE, 256, 4),
            _DiscriminatorBlock(256, 512, 4),
            _DiscriminatorBlock(512, 1024, 3),
            nn.Conv1d(1024, 1, 3),
        )


class Audio2Pose(nn.Module):
    """Head motion from sound. Chunks of 32 frames are independent of one another but for the sound's encoder."""

    def __init__(self) -> None:
        super().__init__()
        self.audio_encoder = _AudioEncoder()
        self.netG = PoseVAE()
        self.netD_motion = MotionDiscriminator()

    def embed(self, mel: Tensor) -> Tensor:
        """What a frame sounds like: log-mel windows [N, 1, 80, 16] to [N, 512]."""
        out: Tensor = self.audio_encoder(mel)
        return out

    def forward(self, noise: Tensor, sound: Tensor, first: Tensor, style: Tensor) -> Tensor:
        """A chunk of motion; see :meth:`PoseDecoder.forward`."""
        out: Tensor = self.netG.decoder(noise, sound, first, style)
        return out
