import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vitest/config";

const api = "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [vue()],
  build: {
    outDir: "../api/static",
    emptyOutDir: true,
    // The map and the charts are single large libraries; they are loaded once from the same machine.
    chunkSizeWarningLimit: 1500,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: "map", test: /node_modules[\\/]maplibre-gl/ },
            { name: "charts", test: /node_modules[\\/](echarts|zrender)/ },
          ],
        },
      },
    },
  },
  // Else a test that reads a style sheet gets an empty one.
  test: { css: true },
  server: { proxy: { "/api": api } },
});
