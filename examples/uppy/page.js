import Uppy from "@uppy/core";
import Dashboard from "@uppy/dashboard";
import XHRUpload from "@uppy/xhr-upload";
import "@uppy/core/css/style.min.css";
import "@uppy/dashboard/css/style.min.css";

const drover = new URLSearchParams(location.search).get("drover") ?? "http://127.0.0.1:8000";

const uppy = new Uppy({ autoProceed: true })
  .use(Dashboard, { target: "#uppy", inline: true, height: 300 })
  .use(XHRUpload, {
    endpoint: `${drover}/api/processors/checksum/jobs`,
    fieldName: "file",
    // Uppy would send the file's name and type as fields of the form too; Drover refuses what it does not know.
    // "params", "tags" and the other fields of a submit can stand here.
    allowedMetaFields: [],
    // Where the server wants a key: headers: { Authorization: `Bearer ${key}` }
  });

// Uppy is done when the file has been sent; the answer is the job, which has just begun.
uppy.on("upload-success", async (file, { body: job }) => {
  const line = document.createElement("li");
  document.querySelector("ul").append(line);
  try {
    for (let known = job; ; ) {
      line.textContent = `${file.name}: ${known.error?.message ?? known.message ?? known.status}`;
      if (known.completed_at !== null) return linkFiles(known, line);
      // Held until the status changes, for 30 s at most.
      const answer = await fetch(`${drover}/api/jobs/${job.job_id}?wait=30`);
      known = await answer.json();
      if (!answer.ok) throw new Error(known.detail);
    }
  } catch (error) {
    line.textContent = `${file.name}: ${error.message}`;
  }
});

function linkFiles({ artifacts }, line) {
  for (const { name, url } of artifacts)
    line.append(" ", Object.assign(document.createElement("a"), { href: drover + url, textContent: name }));
}
