/** What the keyboard shortcuts do in the page in front: with the panel of the ticket on show. */

import { text } from "./ask.js";

const TIMER = ["timer-stop", "timer-start"].map((action) => `[data-action="${action}"][data-path]`).join(", ");

const COMMANDS = {
  /** Stops the timer that runs on the ticket, or starts one as the form has it. */
  timer(panel, shadow) {
    const control = shadow.querySelector(TIMER);
    if (control) panel.press(control);
    else panel.tell(text("noTimerHere"));
  },
  /** The hours, ready to be typed. */
  hours(panel, shadow) {
    const box = shadow.querySelector('input[name="log_time"]');
    if (!box) return panel.tell(text("noHoursHere"));
    if (!box.checked) box.click();
    (shadow.querySelector('input[name="hours"]') ?? box).focus();
  },
};

/** `name` is the command's, `root` the ticket's element; without a composer there is no panel in it, and nothing to do. */
export function command(name, panel, root) {
  const shadow = root.querySelector('[data-deskhours="panel"]')?.shadowRoot;
  if (shadow && Object.hasOwn(COMMANDS, name)) COMMANDS[name](panel, shadow);
}
