"""Makes the icons' PNG files from icon.svg: `python extension/icons/render.py`."""

import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

FOLDER = Path(__file__).parent
SIZES = (16, 32, 48, 128)


def main() -> None:
    picture = (FOLDER / "icon.svg").read_text()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for size in SIZES:
            page = browser.new_page(viewport={"width": size, "height": size})
            page.set_content(f"<style>body {{ margin: 0 }} svg {{ display: block }}</style>{picture}")
            page.screenshot(path=FOLDER / f"icon-{size}.png", omit_background=True)
        browser.close()


if __name__ == "__main__":
    main()
