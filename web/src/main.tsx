/** The page of `tegum explore`. */

import "uplot/dist/uPlot.min.css";
import "./style/palette.css";
import "./style/tokens.css";
import "./style/controls.css";
import "./style/layout.css";
import "./style/views.css";
import "./style/pages.css";
import "./style/stamps.css";
import "./style/small.css";
import "./style/presenting.css";
import "./style/print.css";

import { render } from "preact";

import { keepAddress } from "./page/address";
import { App } from "./page/app";
import { takeDrops } from "./page/drop";
import { offerHook } from "./page/hook";
import { listenForKeys } from "./page/keys";
import { keepOffline } from "./page/offline";
import { followScreen } from "./page/present";
import { preparePrints } from "./page/print";
import { start } from "./page/stage";
import { followTheme } from "./page/theme";

followTheme();
render(<App />, document.getElementById("app")!);
keepAddress();
listenForKeys();
takeDrops(document);
followScreen();
preparePrints();
start();
offerHook();
keepOffline();
