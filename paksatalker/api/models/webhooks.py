"""Messages that videos are done."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

MessageState = Literal["pending", "delivered", "dead"]


class WebhookOut(BaseModel):
    """A message, and what became of it."""

    model_config = ConfigDict(from_attributes=True)
    id: str = Field(description="Also the header `webhook-id`: the same at every attempt.")
    job_id: str = Field(description="The video.")
    url: str
    payload: dict[str, Any] = Field(description="What is sent.")
    state: MessageState = Field(description="`dead` was given up: deliver it again when the receiver is well.")
    attempts: int
    next_at: datetime = Field(description="Of a pending one, when it is sent (again).")
    last_error: str
    created_at: datetime


class WebhookPage(BaseModel):
    """Messages, newest first."""

    items: list[WebhookOut]
    next_cursor: str = Field(description="For the next page; empty at the end.")


class SecretOut(BaseModel):
    """What messages are signed with, after Standard Webhooks."""

    secret: str = Field(description="Verify with this one.", examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
    previous: list[str] = Field(description="It was replaced less than a day ago, and signs as well.")
