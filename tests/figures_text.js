// figures_text.js - what is wrong with the texts of an SVG picture: they lie
// over each other, are cut, too small, or too pale. figures.js calls textFlaws.
"use strict";

const MOST_OVERLAP = 2; // pixels
const MOST_OUTSIDE = 1;
const LEAST_FONT = 9;
const LEAST_CONTRAST = 2.5;
const UNDRAWN = "defs, symbol, clipPath, mask, pattern, marker";
const SHAPES = "rect, polygon, path, circle, ellipse, image";

// ---- 1. Boxes, in pixels of the window --------------------------------------

// A box of an element's own coordinates as four points: it may be turned.
function corners(element, left, top, right, bottom) {
    const m = element.getScreenCTM();
    return [[left, top], [right, top], [right, bottom], [left, bottom]].map(
        ([x, y]) => [m.a * x + m.c * y + m.e, m.b * x + m.d * y + m.f]);
}

// The upright box around some points.
function around(points) {
    const [xs, ys] = [points.map((p) => p[0]), points.map((p) => p[1])];
    return { left: Math.min(...xs), top: Math.min(...ys),
             right: Math.max(...xs), bottom: Math.max(...ys) };
}

// Do two upright boxes share anything?
function touch(a, b) {
    return a.left < b.right && b.left < a.right &&
        a.top < b.bottom && b.top < a.bottom;
}

// How deep two turned boxes lie in each other, along both sides of the first
// and of the second. If one of the four is negative, a line separates them.
function depths(a, b) {
    const sides = [[a[0], a[1]], [a[1], a[2]], [b[0], b[1]], [b[1], b[2]]];
    return sides.map(([from, to]) => {
        const [x, y] = [to[0] - from[0], to[1] - from[1]];
        const length = Math.hypot(x, y) || 1;
        const along = (p) => (p[0] * x + p[1] * y) / length;
        const [as, bs] = [a.map(along), b.map(along)];
        return Math.min(Math.max(...as), Math.max(...bs)) -
            Math.max(Math.min(...as), Math.min(...bs));
    });
}

// Where and how far a box leaves another: "12.3 pixels at the left", or "".
function outside(box, frame) {
    const far = { left: frame.left - box.left, right: box.right - frame.right,
                  top: frame.top - box.top, bottom: box.bottom - frame.bottom };
    return Object.keys(far).filter((side) => far[side] > MOST_OUTSIDE)
        .map((side) => `${far[side].toFixed(1)} pixels at the ${side}`)
        .join(" and ");
}

// ---- 2. Texts ---------------------------------------------------------------

// Text in one line, as a reader sees it.
function plain(string) {
    return string.replace(/\s+/g, " ").trim();
}

// Is there anything to read: not blank, nor hidden, nor without a color?
function isSeen(text) {
    const style = getComputedStyle(text);
    const shown = { opacityProperty: true, visibilityProperty: true };
    return plain(text.textContent) && text.getNumberOfChars() > 0 &&
        !text.closest(UNDRAWN) && text.checkVisibility(shown) &&
        ["fill", "stroke"].some((paint) => style[paint] !== "none" &&
                                           style[`${paint}Opacity`] !== "0");
}

// What is to be known of a <text>. Its em box is taller than the letters, so
// the box is built over the baseline of every character: a superscript has a
// baseline and a font size of its own.
function measure(element) {
    const words = plain(element.textContent), m = element.getScreenCTM();
    const short = words.length > 60 ? `${words.slice(0, 57)}...` : words;
    const scale = Math.sqrt(Math.abs(m.a * m.d - m.b * m.c));
    const text = { element, words, name: `"${short}"`, fills: new Set(),
                   font: Infinity };
    const points = [], inner = element.querySelectorAll("tspan, textPath, a");
    for (const part of [element, ...inner]) {
        const isText = (node) => node.nodeType === Node.TEXT_NODE;
        if (![...part.childNodes].some((n) => isText(n) && plain(n.data)))
            continue; // no letters of its own
        const size = parseFloat(getComputedStyle(part).fontSize);
        text.fills.add(getComputedStyle(part).fill);
        text.font = Math.min(text.font, size * scale);
        for (let i = 0; i < part.getNumberOfChars(); i++) {
            const start = part.getStartPositionOfChar(i);
            const end = part.getEndPositionOfChar(i);
            points.push([start.x, start.y - 0.75 * size],
                        [end.x, end.y + 0.2 * size]);
        }
    }
    const { left, top, right, bottom } = around(points);
    text.corners = corners(element, left, top, right, bottom);
    text.box = around(text.corners);

    // A point of a scatter plot that is drawn as a digit: among others of its
    // kind it lies where its data are.
    text.isMark = words.length === 1 &&
        element.closest("[id^=gnuplot_plot_]") !== null;
    return text;
}

// ---- 3. Their flaws ---------------------------------------------------------

// What is wrong with two texts, the second drawn later; "" if nothing is.
function collision(a, b) {
    if (!touch(a.box, b.box) || a.isMark && b.isMark)
        return "";
    const found = depths(b.corners, a.corners);
    if (Math.min(...found) <= MOST_OVERLAP)
        return "";
    const [x, y] = found.map(Math.round);
    const apart = Math.hypot(a.box.left - b.box.left, a.box.top - b.box.top);
    return a.words === b.words && apart < 1
        ? `${a.name} is drawn twice in the same place`
        : `${b.name} overlaps ${a.name} by ${x} x ${y} pixels`;
}

// Where a text leaves the picture, or a clip-path around it. A clip-path of
// several shapes, or in shares of a box, is not measured.
function cuts(text, svg) {
    const frames = [["the picture", svg.getBoundingClientRect()]];
    for (let e = text.element; e !== svg; e = e.parentNode) {
        const id = /#([^")]+)/.exec(getComputedStyle(e).clipPath)?.[1];
        const path = id && svg.parentNode.getElementById(id);
        if (path?.clipPathUnits.baseVal !== 1 || path.children.length !== 1)
            continue;
        const { x, y, width, height } = path.children[0].getBBox();
        frames.push(["its clip-path",
                     around(corners(e, x, y, x + width, y + height))]);
    }
    return frames.map(([name, frame]) => [name, outside(text.box, frame)])
        .filter(([, where]) => where).map(([name, where]) =>
            `the box of ${text.name} leaves ${name} by ${where}`);
}

// Relative luminance by WCAG 2; NaN if there is no color, or a transparent one.
function luminance(color) {
    const parts = /^rgb\((.*)\)/.exec(color)?.[1].split(",") ?? [NaN, NaN, NaN];
    const [r, g, b] = parts.map((part) => part / 255).map((c) =>
        c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

// Texts nearly in the color of the page, with no other filled shape beneath.
function paleTexts(texts, svg) {
    const page = svg.getBoundingClientRect();
    const shapes = [...svg.querySelectorAll(SHAPES)].filter((e) =>
        !e.closest(UNDRAWN) && getComputedStyle(e).fill !== "none");
    const ground = shapes.find((e) =>
        !outside(page, e.getBoundingClientRect()));
    const light = ground ? luminance(getComputedStyle(ground).fill) : 1;

    const isUnder = (e, text) => e !== ground &&
        touch(e.getBoundingClientRect(), text.box) &&
        e.compareDocumentPosition(text.element) &
            Node.DOCUMENT_POSITION_FOLLOWING;
    const contrast = (fill) => {
        const [dark, bright] = [luminance(fill), light].sort((a, b) => a - b);
        return (bright + 0.05) / (dark + 0.05);
    };
    return texts.flatMap((text) => [...text.fills]
        .filter((fill) => contrast(fill) < LEAST_CONTRAST &&
                          !shapes.some((e) => isUnder(e, text)))
        .map((fill) => `the contrast of ${text.name}, ${fill}, to the ` +
                       `background is only ${contrast(fill).toFixed(1)}`));
}

// All flaws of a picture's texts, as [kind, sentence].
function textFlaws(svg) {
    const texts = [...svg.querySelectorAll("text")].filter(isSeen).map(measure);
    const small = texts.filter((text) => text.font < LEAST_FONT - 0.01);
    return [
        ...texts.flatMap((text, i) => texts.slice(0, i)
            .map((other) => collision(other, text)).filter((words) => words)
            .map((words) => ["overlapping_titles", words])),
        ...texts.flatMap((text) => cuts(text, svg))
            .map((words) => ["cut_label", words]),
        ...small.map((text) => ["small_text", `the font of ${text.name} is ` +
            `only ${text.font.toFixed(1)} pixels high`]),
        ...paleTexts(texts, svg).map((words) => ["pale_text", words]),
    ];
}
