import { createApp } from "vue";

import App from "./App.vue";
import { followCalendar } from "./store/calendar";
import { loadCells } from "./store/cells";
import { followWidth } from "./store/narrow";
import { start } from "./store/room";
import { startSession } from "./store/session";
import { followTheme } from "./store/theme";
import { followAddress } from "./store/view";
import "./style/tokens.css";
import "./style/base.css";
import "./style/table.css";
import { i18n } from "./wording/i18n";

startSession(() => {
  start();
  // Without their names cells are shown by their codes, which is no reason to show less.
  void loadCells().catch(() => undefined);
});
followTheme();
followAddress();
followCalendar();
followWidth();
/** A page that stayed open while another version was installed asks for views that are no more. */
addEventListener("vite:preloadError", () => location.reload());
createApp(App).use(i18n).mount("#app");
