// Runs before the first paint, so that a remembered theme never flashes the other one.
document.documentElement.dataset.theme = localStorage.getItem("sandbox.theme") || "system";
