//! Texts of the terminal display in English and Chinese, except those of the standard.

use std::time::Duration;

/// Language of the display.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, clap::ValueEnum)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Chinese.
    Zh,
}

impl Language {
    /// Returns the language of a locale such as `zh_CN.UTF-8`. English is the default.
    #[must_use]
    pub fn from_locale(locale: Option<&str>) -> Language {
        if locale.is_some_and(|locale| locale.starts_with("zh")) {
            Language::Zh
        } else {
            Language::En
        }
    }

    /// Returns the key of the language in titles of a standard.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Language::En => "en",
            Language::Zh => "zh",
        }
    }

    /// Returns the texts in this language.
    #[must_use]
    pub fn messages(self) -> &'static Messages {
        match self {
            Language::En => &ENGLISH,
            Language::Zh => &CHINESE,
        }
    }
}

/// Texts in one language.
#[expect(missing_docs, reason = "the field names describe the texts")]
#[derive(Debug)]
pub struct Messages {
    pub all_centers: &'static str,
    pub centers: &'static str,
    pub queues: &'static str,
    pub target: &'static str,
    pub as_of: &'static str,
    pub calendar_ended: &'static str,
    pub connecting: &'static str,
    pub live: &'static str,
    pub no_news_for: &'static str,
    pub lost: &'static str,
    pub no_data: &'static str,
    pub stale: &'static str,
    pub no_traffic: &'static str,
    pub small_sample: &'static str,
    pub provisional: &'static str,
    pub no_population: &'static str,
    pub never_received: &'static str,
    /// `{}` stands for the time.
    pub since: &'static str,
    pub all_targets_met: &'static str,
    /// Follows the number of indicators.
    pub on_target: &'static str,
    pub not_evaluated: &'static str,
    pub keys: &'static str,
    pub help: &'static [&'static str],
    pub seconds: &'static str,
    pub minutes: &'static str,
    pub hours: &'static str,
    pub days: &'static str,
}

impl Messages {
    /// Formats an age in its largest unit, rounded down.
    #[must_use]
    pub fn format_age(&self, age: Duration) -> String {
        match age.as_secs() {
            seconds @ 0..120 => format!("{seconds} {}", self.seconds),
            seconds @ 120..7_200 => format!("{} {}", seconds / 60, self.minutes),
            seconds @ 7_200..172_800 => format!("{} {}", seconds / 3_600, self.hours),
            seconds => format!("{} {}", seconds / 86_400, self.days),
        }
    }
}

static ENGLISH: Messages = Messages {
    all_centers: "All centers",
    centers: "Centers, worst first",
    queues: "Queues, worst first",
    target: "target",
    as_of: "as of",
    calendar_ended: "calendar {} has no holidays after {}",
    connecting: "connecting ...",
    live: "live",
    no_news_for: "no update for",
    lost: "CONNECTION LOST: no update for",
    no_data: "No data yet.",
    stale: "stale",
    no_traffic: "no traffic",
    small_sample: "few cases",
    provisional: "provisional",
    no_population: "no population",
    never_received: "no data",
    since: "since {}",
    all_targets_met: "all on target",
    on_target: "on target",
    not_evaluated: "no target evaluated",
    keys: "q quit   tab/arrows next center   0 all centers   ? help",
    help: &[
        "tab, right, down   the next center",
        "left, up           the previous center",
        "0, home            all centers",
        "?                  show or hide this help",
        "q, escape          quit",
        "",
        "✓ On target   ▲ Warning   ✕ Breached   ○ few cases   ◇ stale",
        "The small bars show the trend since the program started.",
    ],
    seconds: "s",
    minutes: "min",
    hours: "h",
    days: "d",
};

static CHINESE: Messages = Messages {
    all_centers: "全部中心",
    centers: "各中心（问题多的在前）",
    queues: "各队列（问题多的在前）",
    target: "目标",
    as_of: "数据时间",
    calendar_ended: "日历 {} 缺少 {} 之后的节假日",
    connecting: "正在连接……",
    live: "实时",
    no_news_for: "没有更新已",
    lost: "连接已中断，以下为旧数据，未更新已",
    no_data: "此处暂无数据。",
    stale: "数据过期",
    no_traffic: "无业务量",
    small_sample: "样本少",
    provisional: "暂定",
    no_population: "无用户数",
    never_received: "无数据",
    since: "自 {} 起",
    all_targets_met: "全部达标",
    on_target: "项达标",
    not_evaluated: "暂无可评估的指标",
    keys: "q 退出   tab/方向键 下一个中心   0 全部中心   ? 帮助",
    help: &[
        "tab、→、↓     下一个中心",
        "←、↑          上一个中心",
        "0、home       全部中心",
        "?             显示或关闭帮助",
        "q、escape     退出",
        "",
        "✓ 达标   ▲ 预警   ✕ 未达标   ○ 样本少   ◇ 数据过期",
        "小柱状图为开始观看以来的走势。",
    ],
    seconds: "秒",
    minutes: "分",
    hours: "小时",
    days: "天",
};
