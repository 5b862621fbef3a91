/** The notebook widget (anywidget): the views of the live page on a trained Dataset. */

import "./style/palette.css";
import "./style/widget.css";

import { render as draw } from "preact";

import { bind, type Model } from "./widget/model";
import { hideStill } from "./widget/still";
import { WidgetView } from "./widget/view";

interface Context {
  model: Model;
  el: HTMLElement;
}

function render({ model, el }: Context): () => void {
  const bound = bind(model);
  draw(<WidgetView bound={bound} />, el);
  const showStill = hideStill(document, model.get("still"));
  return () => {
    showStill();
    draw(null, el);
    bound.release();
  };
}

export default { render };
