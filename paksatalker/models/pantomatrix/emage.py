"""The network of EMAGE: audio and what is known of the motion, to latents and codes of the whole body."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor, nn

from paksatalker.models.pantomatrix.convolutions import ConvEncoder
from paksatalker.models.pantomatrix.transformer import (
    MLP,
    Decoder,
    DecoderLayer,
    Encoder,
    EncoderLayer,
    PeriodicPositions,
)
from paksatalker.models.pantomatrix.vq import CODES, WIDTH
from paksatalker.models.pantomatrix.wav_encoder import WavEncoder

#: Numbers a frame: rot6d of 55 joints, translation, contact of both feet (heel and toe).
MOTION_DIMS = 55 * 6 + 3 + 4
#: Frames that the network sees at once.
WINDOW = 64
#: Frames that a window takes over from the one before.
SEED_FRAMES = 4
#: Features inside the transformers.
HIDDEN = 768
_HEADS = 4
_INNER = 2 * HIDDEN
_CROSS_LAYERS = 8
_FACE_LAYERS = 4
BODY_PARTS = ("upper", "hands", "lower")


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the network says about a window of T frames.

    Attributes:
        latent: Of each part (``face``, ``upper``, ``hands``, ``lower``): float32 [B, T, 256].
        logits: Of each part: float32 [B, T, 256], how well each code fits.
    """

    latent: dict[str, Tensor]
    logits: dict[str, Tensor]


@dataclass(frozen=True, slots=True)
class AudioFeatures:
    """A window's audio as both halves of the network hear it: float32 [B, S, 256], S at least the window's frames."""

    face: Tensor
    body: Tensor


class Emage(nn.Module):
    """The network."""

    def __init__(self) -> None:
        super().__init__()
        self.mask_embedding = nn.Parameter(torch.zeros(1, 1, MOTION_DIMS))
        self.audio_encoder_face = WavEncoder()
        self.audio_encoder_body = WavEncoder()
        self.speaker_embedding_body = nn.Embedding(1, HIDDEN)
        self.speaker_embedding_face = nn.Embedding(1, HIDDEN)
        self.motion_encoder = ConvEncoder(MOTION_DIMS, WIDTH, 3)
        self.bodyhints_face = MLP(WIDTH, HIDDEN, WIDTH)
        self.bodyhints_body = MLP(WIDTH, HIDDEN, WIDTH)
        self.audio_body_motion_proj = nn.Linear(WIDTH, HIDDEN)
        self.moton_proj = nn.Linear(WIDTH, HIDDEN)  # the official files spell it so
        self.position_embeddings = PeriodicPositions(HIDDEN, WINDOW)
        self.transformer_en_layer = EncoderLayer(HIDDEN, _HEADS, _INNER)  # in the files, used by nobody
        self.motion_self_encoder = Encoder(1, HIDDEN, _HEADS, _INNER)
        self.audio_motion_cross_attn_layer = DecoderLayer(HIDDEN, _HEADS, _INNER)  # in the files, used by nobody
        self.audio_motion_cross_attn = Decoder(_CROSS_LAYERS, HIDDEN, _HEADS, _INNER)
        for part in BODY_PARTS:
            self.add_module(f"motion2latent_{part}", MLP(HIDDEN, HIDDEN, HIDDEN))
            self.add_module(f"body_motion_decoder_{part}", Decoder(1, HIDDEN, _HEADS, _INNER))
            self.add_module(f"motion_out_proj_{part}", nn.Linear(HIDDEN, WIDTH))
            self.add_module(f"motion_cls_{part}", MLP(WIDTH, HIDDEN, CODES))
        self.audio_face_motion_proj = nn.Linear(2 * WIDTH, HIDDEN)
        self.face_motion_decoder = Decoder(_FACE_LAYERS, HIDDEN, _HEADS, _INNER)
        self.face_out_proj = nn.Linear(HIDDEN, WIDTH)
        self.face_cls = MLP(WIDTH, HIDDEN, CODES)

    def hear(self, samples: Tensor) -> AudioFeatures:
        """Encodes a window's waveform [B, N] at 16 kHz."""
        samples = samples.to(self.mask_embedding.dtype)
        return AudioFeatures(self.audio_encoder_face(samples), self.audio_encoder_body(samples))

    def halve(self) -> Self:
        """Computes with bfloat16 from now on: some five times faster where the processor has it."""
        return self.to(torch.bfloat16)

    def forward(self, audio: AudioFeatures, motion: Tensor, mask: Tensor, *, use_audio: bool = True) -> Prediction:
        """Predicts a window.

        Args:
            audio: What is heard in it.
            motion: float32 [B, T, 337] what is known of the motion, T at most 64.
            mask: [B, T, 337] 1 where it is not known.
            use_audio: Whether the body listens.
        """
        frames = motion.shape[1]
        motion = motion.to(self.mask_embedding.dtype)
        hints = self.motion_encoder(torch.where(mask == 1, self.mask_embedding, motion))
        latent, logits = self._body(audio.body, hints, use_audio=use_audio)
        face = self._face(audio.face[:, :frames], hints)
        latent, logits = {"face": face, **latent}, {"face": self.face_cls(face), **logits}
        return Prediction({k: v.float() for k, v in latent.items()}, {k: v.float() for k, v in logits.items()})

    def _face(self, audio: Tensor, hints: Tensor) -> Tensor:
        memory = self.audio_face_motion_proj(torch.cat([audio, self.bodyhints_face(hints)], dim=-1))
        speaker = self.speaker_embedding_face.weight[0].expand(*hints.shape[:2], -1)
        face: Tensor = self.face_out_proj(self.face_motion_decoder(self.position_embeddings(speaker), memory))
        return face

    def _body(self, audio: Tensor, hints: Tensor, *, use_audio: bool) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        speaker = self.speaker_embedding_body.weight[0]
        motion = self.moton_proj(self.bodyhints_body(hints))
        motion = self.motion_self_encoder(self.position_embeddings(motion) + speaker)
        motion = self.position_embeddings(motion + speaker)
        if use_audio:
            motion = motion + self.audio_motion_cross_attn(motion, self.audio_body_motion_proj(audio))
        apply = self.get_submodule
        first = {part: apply(f"motion2latent_{part}")(motion) for part in BODY_PARTS}
        latent, logits = {}, {}
        for part in BODY_PARTS:
            one, other = (first[name] for name in BODY_PARTS if name != part)
            refined = apply(f"body_motion_decoder_{part}")(first[part] + speaker, one + other)
            latent[part] = apply(f"motion_out_proj_{part}")(first[part] + refined)
            logits[part] = apply(f"motion_cls_{part}")(latent[part])
        return latent, logits
