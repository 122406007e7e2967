//! Accessibility checks: names, language and contrast, and axe-core if `AXE_CORE` is the path of
//! its file.

use crate::chromium::BrowserTab;
use serde_json::{Value, json};

/// Roles of interactive elements.
const INTERACTIVE_ROLES: &[&str] = &[
    "button",
    "link",
    "checkbox",
    "radio",
    "textbox",
    "spinbutton",
    "combobox",
    "listbox",
    "menuitem",
    "tab",
    "switch",
];

/// Lists texts with a contrast below 4.5, or 3 for large text. Outdated figures are dimmed on
/// purpose and excluded.
const LOW_CONTRAST_SCRIPT: &str = "(() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const parts = (color) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
        return [r, g, b, a / 255];
    };
    const over = ([r, g, b, a], under) => [r, g, b].map((part, i) => part * a + under[i] * (1 - a));
    const light = (rgb) => rgb.map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
        .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
    const behind = (node) => {
        const layers = [];
        for (let layer = node; layer; layer = layer.parentElement) layers.unshift(parts(getComputedStyle(layer).backgroundColor));
        return layers.reduce((under, layer) => over(layer, under), [255, 255, 255]);
    };
    const found = [];
    const walk = document.createTreeWalker(document.querySelector('dialog[open]') ?? document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const node = walk.currentNode.parentElement;
        if (!walk.currentNode.textContent.trim() || !node.checkVisibility() || node.closest('.sr-only, [data-old], noscript, script')) continue;
        const style = getComputedStyle(node);
        const back = behind(node);
        let [r, g, b, a] = parts(style.color);
        for (let layer = node; layer; layer = layer.parentElement) a *= Number(getComputedStyle(layer).opacity);
        const [high, low] = [light(over([r, g, b, a], back)), light(back)].sort((x, y) => y - x);
        const ratio = (high + 0.05) / (low + 0.05);
        const size = parseFloat(style.fontSize);
        const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
        if (ratio < (large ? 3 : 4.5)) found.push(`${node.className || node.tagName} “${walk.currentNode.textContent.trim()}”: ${ratio.toFixed(2)}`);
    }
    return [...new Set(found)];
})()";

/// Source of axe-core. Prints a message and returns `None` if `AXE_CORE` is not set.
pub(crate) fn axe_core_source() -> Option<String> {
    let Some(path) = std::env::var_os("AXE_CORE").filter(|path| !path.is_empty()) else {
        println!("axe-core skipped: set AXE_CORE to the path of axe.min.js");
        return None;
    };
    Some(
        std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("AXE_CORE, {}: {error}", path.display())),
    )
}

pub(crate) async fn check_accessibility(page: &mut BrowserTab, what: &str, axe: Option<&str>) {
    let lang = page.evaluate("document.documentElement.lang").await;
    assert!(lang == "en" || lang == "zh-CN", "{what}: lang is {lang}");
    let tree = page.send_command("Accessibility.getFullAXTree", &json!({})).await;
    let nameless = |node: &&Value| {
        let interactive =
            node["role"]["value"].as_str().is_some_and(|role| INTERACTIVE_ROLES.contains(&role));
        interactive
            && node["ignored"] != true
            && node["name"]["value"].as_str().is_none_or(|name| name.trim().is_empty())
    };
    let nodes = tree["nodes"].as_array().expect("a tree");
    assert!(nodes.len() > 50, "{what}: {} nodes", nodes.len());
    let nameless: Vec<_> = nodes.iter().filter(nameless).collect();
    assert!(nameless.is_empty(), "{what}: without a name: {nameless:#?}");
    // Colors in transition would give wrong contrasts.
    page.evaluate("Promise.all(document.getAnimations().map((one) => one.finished.catch(() => {}))).then(() => 0)").await;
    assert_eq!(page.evaluate(LOW_CONTRAST_SCRIPT).await, json!([]), "{what}");
    assert_eq!(
        page.evaluate("document.querySelectorAll('main h1, header h1').length").await,
        1,
        "{what}: the page needs exactly one h1"
    );
    if let Some(axe) = axe {
        page.evaluate(&format!("{axe}; 0")).await;
        let found = "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
            violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.slice(0, 3).map((node) => node.html + ' ' + node.any.map((one) => one.message)).join(' | ')}`))";
        assert_eq!(page.evaluate(found).await, json!([]), "{what}");
    }
}
