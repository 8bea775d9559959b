"""Settings of the note that the wand writes."""

from __future__ import annotations

from pydantic import AnyHttpUrl, Field

from plugin_server.manifest.kinds import HttpUrl, url_text
from plugin_server.manifest.secrets import Secret
from plugin_server.manifest.strict import Strict

OPENAI_URL = "https://api.openai.com/v1"


class Notes(Strict):
    """The note that the wand writes from a reply: by a language model, or on this server alone."""

    model: str | None = Field(
        default=None,
        min_length=1,
        description="Name of the model that writes notes (in Azure the deployment's). Without it nothing leaves: notes"
        " are made on this server.",
    )
    base_url: HttpUrl = Field(
        default=AnyHttpUrl(OPENAI_URL),
        description="Where a server speaks OpenAI's chat completions, such as http://127.0.0.1:11434/v1; in Azure the"
        " resource's endpoint, https://NAME.openai.azure.com.",
    )
    key: Secret | None = Field(
        default=None,
        description="The API key. A server of one's own may need none; without it nothing is sent to OpenAI's.",
    )
    azure_api_version: str | None = Field(
        default=None,
        min_length=1,
        description="Version of Azure's API, such as 2024-10-21; only for endpoints of Azure that are no /openai/v1.",
    )
    try_seconds: float = Field(
        default=4,
        ge=1,
        le=6,
        description="Time limit of one answer. A second one is asked for when the first is no note; both together have"
        " 6 seconds.",
    )
    daily_limit: int = Field(
        default=100,
        ge=0,
        le=10_000,
        description="How often a day each agent may have the model asked; beyond it notes are made on this server.",
    )

    @property
    def uses_model(self) -> bool:
        """Whether a model is named that can be asked."""
        return self.model is not None and (self.key is not None or url_text(self.base_url) != OPENAI_URL)
