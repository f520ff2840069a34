// What a browser with scripts adds to the form: its position, and photos made small enough to send.
"use strict";

const here = document.getElementById("here");
if (here && navigator.geolocation && window.isSecureContext) {
  here.hidden = false;
  here.addEventListener("click", () => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        document.getElementById("lat").value = coords.latitude.toFixed(6);
        document.getElementById("lon").value = coords.longitude.toFixed(6);
        here.textContent = here.dataset.done;
      },
      () => { here.textContent = here.dataset.failed; },
      { enableHighAccuracy: true, timeout: 15000 },
    );
  });
}

const LONGER_SIDE = 2048;
const photo = document.getElementById("photo");

async function smaller(file, most) {
  if (file.size <= most) return file;
  const image = await createImageBitmap(file);
  const scale = Math.min(1, LONGER_SIDE / Math.max(image.width, image.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(image.width * scale);
  canvas.height = Math.round(image.height * scale);
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  const jpeg = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
  return new File([jpeg], "photo.jpg", { type: "image/jpeg" });
}

async function prepare() {
  const sent = new DataTransfer();
  try {
    for (const file of photo.files) sent.items.add(await smaller(file, Number(photo.dataset.mostBytes)));
    photo.files = sent.files;
  } catch {
    // What the browser cannot read is sent as it is; the server says what is wrong with it.
  }
}

// A server that stops reading at a photo that is too large cannot always tell the browser why.
function check() {
  const { most, mostBytes, refused } = photo.dataset;
  const files = [...photo.files];
  const sound = files.length <= Number(most) && files.every((file) => file.size <= Number(mostBytes));
  const told = document.getElementById("photo-wrong") ?? document.createElement("p");
  told.id = "photo-wrong";
  told.className = "wrong";
  told.textContent = sound ? "" : refused;
  photo.after(told);
  photo.setCustomValidity(told.textContent);
}

if (photo && window.DataTransfer && window.createImageBitmap) {
  photo.addEventListener("change", async () => {
    await prepare();
    check();
  });
}
