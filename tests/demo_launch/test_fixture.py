"""The session's one demo, as other tests ask for it."""

import aiohttp

from tests.support.demo import Demo


async def test_every_part_answers(demo: Demo) -> None:
    async with aiohttp.ClientSession() as session:
        for url in (f"{demo.url}/healthz", f"{demo.url}/readyz", demo.helpdesk, f"{demo.harvest}/_sim/health"):
            async with session.get(url) as answer:
                assert answer.status == 200, url
    assert (demo.extension / "manifest.json").is_file()
