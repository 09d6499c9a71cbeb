// Hands on what the microphone hears, a block at a time, out of the thread that hears it.
class Microphone extends AudioWorkletProcessor {
  #block = new Float32Array(1024);
  #filled = 0;

  process([heard]) {
    if (!heard.length) return true;
    this.#block.set(heard[0], this.#filled);
    this.#filled += heard[0].length;
    if (this.#filled === this.#block.length) {
      this.port.postMessage(this.#block);
      this.#filled = 0;
    }
    return true;
  }
}

registerProcessor("microphone", Microphone);
