"""The language model that writes notes, where the manifest names one."""

from __future__ import annotations

from plugin_server.check.context import Context
from plugin_server.check.reaching import why
from plugin_server.check.rules import Result, fail, ok, skipped, warn
from plugin_server.manifest import url_text
from plugin_server.notes.model import Model, ModelFailed
from plugin_server.runtime.i18n import later

SAMPLE = "I have corrected the opening hours on the contact page."
"""What the model is asked about: a sentence of our own; no reply ever leaves for a check."""

SECONDS = 10.0


async def note_model(context: Context) -> list[Result]:
    """Whether the model answers, by one question."""
    name, settings = "note_model", context.settings.notes
    if settings.model is None:
        return [skipped(name, "No model is configured (notes.model); notes are made on this server.")]
    if not settings.uses_model:
        words = "notes.model is named, but no notes.key; notes are made on this server."
        return [warn(name, words, "Name the key in notes.key, or take notes.model out.")]
    url = url_text(settings.base_url)
    model = Model(settings)
    try:
        await model.answer(SAMPLE, (), SECONDS)
    except ModelFailed as failed:
        if failed.why == "unreachable":
            return [await why(context, name, url, "notes.base_url", failed)]
        words, todo = _WORDS[failed.why]
        return [fail(name, words.format(url=url, model=settings.model, seconds=SECONDS), todo)]
    finally:
        await model.close()
    return [ok(name, f"The model {settings.model} answers at {url}.")]


_WORDS = {
    "refused": (
        later("{url} refuses the key that notes.key names."),
        later("Make a new key there, and put it where notes.key says."),
    ),
    "unknown_model": (
        later("{url} knows no model {model}."),
        later("Correct notes.model (in Azure the deployment's name), or notes.base_url and its path."),
    ),
    "busy": (
        later("{url} takes no more questions now: a limit or the credit is used up."),
        later("Look at the account there."),
    ),
    "slow": ("The model {model} did not answer within {seconds:g} s.", "Use a faster model, or see its server."),
    "broken": (
        "What answers at {url} does not answer as a model does.",
        "Correct notes.base_url, with /v1 at its end where the server has it; notes.azure_api_version is for Azure.",
    ),
}
