/**
 * Runs in the frame that shows an artifact which is HTML. It gets the text from the page around it, which alone
 * may frame it. What a
 * parser makes runs no script of its own, and the policy of the frame forbids it as well.
 */
addEventListener("message", ({ source, data }) => {
  if (source !== parent || typeof data !== "string") return;
  const page = new DOMParser().parseFromString(data, "text/html").documentElement;
  document.documentElement.replaceWith(document.adoptNode(page));
});
parent.postMessage("drover-preview-frame", "*");
