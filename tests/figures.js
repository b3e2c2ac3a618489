// figures.js - draws SVG pictures in a page and reports their flaws.
//
// figures.sh makes the page: each picture is a <script data-file="NAME"> with
// its bytes in base64. It is drawn in a shadow root of its own, where the ids
// that gnuplot writes into every file (gpDot, gpPt0, ...) meet no others. The
// report has a line FILE <tab> KIND <tab> SENTENCE for each flaw, a line of
// KIND "looked" with each picture's size, and "end" when it is complete.
"use strict";

const MOST_ENLARGED = 1.5; // drawn size / natural size
const LEAST_DESCRIPTION = 20; // characters
const MOST_LINES = 5; // of one kind about one picture

// What a screen reader says of a picture: is it there, and not gnuplot's?
function wordFlaws(svg, file) {
    const said = (name) => plain([...svg.children].find((e) =>
        e.localName === name)?.textContent ?? "");
    const title = said("title"), desc = said("desc");
    const name = file.split("/").pop();
    const flaws = [];
    if (!title)
        flaws.push(["no_title", "it has no <title>"]);
    else if (["Gnuplot", name, name.replace(/\.svg$/, "")].includes(title))
        flaws.push(["no_title", `its <title> says nothing: "${title}"`]);
    if (!desc)
        flaws.push(["no_description", "it has no <desc>"]);
    else if (desc.startsWith("Produced by GNUPLOT") ||
             desc.length < LEAST_DESCRIPTION)
        flaws.push(["no_description", `its <desc> says nothing: "${desc}"`]);
    return flaws;
}

// How many times as large as its own pixels an <image> is drawn.
function enlargement(element, { naturalWidth, naturalHeight }) {
    const { width, height } = element.getBBox(), m = element.getScreenCTM();
    const scales = [width * Math.hypot(m.a, m.b) / naturalWidth,
                    height * Math.hypot(m.c, m.d) / naturalHeight];
    const { align, meetOrSlice } = element.preserveAspectRatio.baseVal;
    const { SVG_PRESERVEASPECTRATIO_NONE: stretched,
            SVG_MEETORSLICE_MEET: meet } = SVGPreserveAspectRatio;
    const fits = align !== stretched && meetOrSlice === meet;
    return fits ? Math.min(...scales) : Math.max(...scales);
}

// Is an <image> in the file, and are its pixels drawn as pixels? decoded is
// what the browser made of it.
function imageFlaws([element, decoded]) {
    const href = element.href.baseVal;
    if (!href.startsWith("data:"))
        return [["linked_picture", `an image lies in another file: ${href}`]];
    if (decoded.naturalWidth === 0)
        return [["linked_picture", "an image cannot be decoded"]];
    const { imageRendering } = getComputedStyle(element);
    const times = enlargement(element, decoded);
    if (times <= MOST_ENLARGED || href.startsWith("data:image/svg") ||
        ["pixelated", "crisp-edges"].includes(imageRendering))
        return [];
    return [["blurred_picture",
             `an image of ${decoded.naturalWidth} x ${decoded.naturalHeight} ` +
             `pixels is drawn ${times.toFixed(1)} times as large, without ` +
             "image-rendering: pixelated"]];
}

// The lines of the report about one picture; of many of a kind, the first few.
function look({ file, svg, images }) {
    if (!svg)
        return [`${file}\tlooked\t640,160`, // for the browser's message
                `${file}\tno_svg\tit is no valid SVG`];
    const kinds = new Map();
    for (const [kind, words] of [...wordFlaws(svg, file), ...textFlaws(svg),
                                 ...[...images].flatMap(imageFlaws)])
        kinds.set(kind, (kinds.get(kind) ?? new Set()).add(words));
    const { width, height } = svg.getBoundingClientRect();
    const lines = [`looked\t${Math.ceil(width)},${Math.ceil(height)}`];
    for (const [kind, sentences] of kinds) {
        const more = sentences.size - MOST_LINES;
        const listed = [...sentences].slice(0, MOST_LINES);
        lines.push(...listed.map((words) => `${kind}\t${words}`));
        if (more > 0)
            lines.push(`${kind}\tand ${more} more of this kind`);
    }
    return lines.map((line) => `${file}\t${line}`);
}

// Draws a picture in the page. Beside each <image> stands one that has its
// natural size.
function draw(script) {
    const file = script.dataset.file, images = new Map();
    const bytes = Uint8Array.from(atob(script.textContent),
                                  (c) => c.charCodeAt(0));
    const xml = new DOMParser().parseFromString(
        new TextDecoder().decode(bytes), "image/svg+xml");
    script.remove();
    if (xml.querySelector("parsererror") ||
        !(xml.documentElement instanceof SVGSVGElement))
        return { file };
    const host = document.body.appendChild(document.createElement("div"));
    const svg = host.attachShadow({ mode: "open" })
        .appendChild(document.adoptNode(xml.documentElement));
    for (const element of svg.querySelectorAll("image")) {
        images.set(element, new Image());
        images.get(element).src = element.href.baseVal;
    }
    return { file, svg, images };
}

// Measures when all images and fonts are there. The browser's page is taken
// right after "load": what then still waits for a promise may come too late.
function finish() {
    const report = document.createElement("pre");
    report.id = "report";
    try {
        report.textContent = [...pictures.flatMap(look), "end"].join("\n");
    } catch (error) {
        report.textContent = error.stack;
    }
    document.body.replaceChildren(report);
}

const pictures = [...document.querySelectorAll("script[data-file]")].map(draw);
addEventListener("load", () => document.fonts.status === "loaded"
    ? finish() : document.fonts.ready.then(finish));
