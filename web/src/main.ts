import { createApp } from "vue";

import App from "./App.vue";
import { start } from "./store/room";
import "./style/tokens.css";
import "./style/base.css";
import { i18n } from "./wording/i18n";

start();
createApp(App).use(i18n).mount("#app");
