// What is said into the microphone becomes the file of the form: WAV, 16 bits, one channel.
(() => {
  const LARGEST = 100 * 1024 * 1024; // bytes: audio/probe.py takes no more
  const HEADER = 44;
  const QUIETEST_DB = -60;

  // RIFF WAVE with PCM: its chunks «fmt » and «data», all numbers with the least byte first.
  const header = (samples, rate) => {
    const view = new DataView(new ArrayBuffer(HEADER));
    const word = (at, text) => [...text].forEach((sign, place) => view.setUint8(at + place, sign.charCodeAt(0)));
    word(0, "RIFF"); view.setUint32(4, HEADER - 8 + samples * 2, true); word(8, "WAVE");
    word(12, "fmt "); view.setUint32(16, 16, true); view.setUint16(20, 1, true); view.setUint16(22, 1, true);
    view.setUint32(24, rate, true); view.setUint32(28, rate * 2, true); view.setUint16(32, 2, true); view.setUint16(34, 16, true);
    word(36, "data"); view.setUint32(40, samples * 2, true);
    return view;
  };

  const whole = (block) => Int16Array.from(block, (one) => Math.round(Math.max(-1, Math.min(1, one)) * 32767));
  const loudest = (block) => block.reduce((most, one) => Math.max(most, Math.abs(one)), 0);
  const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
  const stamp = () => new Date().toLocaleString("sv").replace(/[: ]/g, "-").slice(0, 16);

  // Opens the microphone, and gives each block to `hear`; what it returns closes it again.
  const listen = async (hear, ended) => {
    const context = new AudioContext(); // begun with the click, or Safari keeps it still
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: false } });
      await context.audioWorklet.addModule("/static/microphone.js");
      await context.resume();
    } catch (error) {
      stream?.getTracks().forEach((track) => track.stop());
      context.close();
      throw error;
    }
    const node = new AudioWorkletNode(context, "microphone", { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" });
    node.port.onmessage = (event) => hear(event.data);
    context.createMediaStreamSource(stream).connect(node);
    stream.getTracks().forEach((track) => track.addEventListener("ended", ended)); // pulled out
    const close = () => {
      node.port.onmessage = null;
      stream.getTracks().forEach((track) => track.stop());
      context.close();
    };
    return { rate: context.sampleRate, close };
  };

  const prepare = (box) => {
    const field = document.getElementById(box.dataset.recorder);
    const words = box.dataset;
    const [button, discard, time, level, player, said] = ["take", "discard", "time", "level", "player", "said"].map((part) => box.querySelector(`[data-part="${part}"]`));
    let microphone = null, asking = false, blocks = [], samples = 0;

    const say = (text) => { said.textContent = text; };
    const show = (word) => {
      button.textContent = word;
      button.classList.toggle("danger", microphone !== null);
      time.parentElement.hidden = microphone === null;
      player.hidden = discard.hidden = microphone !== null || samples === 0;
    };
    const forget = () => {
      blocks = []; samples = 0;
      if (player.src) URL.revokeObjectURL(player.src);
      player.removeAttribute("src");
    };

    const hear = (block) => {
      blocks.push(whole(block));
      samples += block.length;
      time.textContent = clock(samples / microphone.rate);
      level.value = Math.max(QUIETEST_DB, 20 * Math.log10(loudest(block) || 1e-9));
      if (HEADER + (samples + block.length) * 2 > LARGEST) stop(words.full);
    };

    const start = async () => {
      asking = true;
      try {
        const opened = await listen((block) => microphone && hear(block), () => microphone && stop(words.pulled));
        forget();
        field.value = "";
        microphone = opened;
        time.textContent = clock(0);
        show(words.stop);
        say(words.recording);
      } catch (error) {
        say({ NotAllowedError: words.refused, NotFoundError: words.none }[error.name] ?? words.failed);
      }
      asking = false;
    };

    const stop = (why) => {
      const { rate, close } = microphone;
      close();
      microphone = null;
      if (samples === 0) { show(words.record); say(words.failed); return; }
      const file = new File([header(samples, rate), ...blocks], `${words.file}-${stamp()}.wav`, { type: "audio/wav" });
      const given = new DataTransfer();
      given.items.add(file);
      field.files = given.files;
      player.src = URL.createObjectURL(file);
      show(words.again);
      say(why || words.taken.replace("{time}", clock(samples / rate)));
    };

    button.addEventListener("click", () => { if (microphone) stop(); else if (!asking) start(); });
    discard.addEventListener("click", () => {
      forget();
      field.value = "";
      show(words.record);
      say(words.discarded);
      button.focus();
    });
    field.addEventListener("change", () => { // another file was chosen instead
      if (microphone) { microphone.close(); microphone = null; }
      forget();
      show(words.record);
      say("");
    });

    box.hidden = false;
    if (!navigator.mediaDevices || !("AudioWorkletNode" in window)) {
      button.hidden = true;
      say(window.isSecureContext ? words.old : words.insecure);
    }
  };

  document.querySelectorAll("[data-recorder]").forEach(prepare);
})();
