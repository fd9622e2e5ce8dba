// A list whose items stay while others come and go: one may have the focus.

/** The items of a list, by their keys; the last one that came is on top. */
export class Items {
  #views = new Map();
  #list;
  #made;

  /** @param made makes the view of something: what it is shown with, and its "item" in the list. */
  constructor(list, made) {
    this.#list = list;
    this.#made = made;
  }

  /** Return the view of what has a key, if it is shown. */
  get(key) {
    return this.#views.get(key);
  }

  /** Return the view of something, which is shown from now on. */
  of(key, what) {
    let view = this.#views.get(key);
    if (!view) {
      view = this.#made(what);
      this.#views.set(key, view);
      this.#list.prepend(view.item);
    }
    return view;
  }

  /** Show nothing but what has one of these keys. */
  keep(keys) {
    for (const [key, { item }] of this.#views) {
      if (keys.has(key)) continue;
      item.remove();
      this.#views.delete(key);
    }
  }
}
