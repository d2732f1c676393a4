//! Logs of servers whose `lc_messages` is not English: the words for severities and parts, and the messages that carry
//! figures. Everything else in another language is counted as not recognised. Words are those of PostgreSQL's catalogues.

use super::message::{Message, Step};
use super::record::{Level, Text};
use super::time;

/// Severities.
const LEVELS: &[(Level, &[&str])] = &[
    (Level::Error, &["FEHLER", "ERREUR", "ERRORE", "ERRO", "FEL", "ОШИБКА", "ПОМИЛКА", "错误", "오류", "შეცდომა"]),
    (Level::Log, &["СООБЩЕНИЕ", "ЗАПИСУВАННЯ", "日志", "로그", "LOGG", "ჟურნალი"]),
    (
        Level::Warning,
        &["WARNUNG", "ATTENTION", "ATTENZIONE", "AVISO", "VARNING", "ПРЕДУПРЕЖДЕНИЕ", "ПОПЕРЕДЖЕННЯ", "警告", "경고", "გაფრთხილება"],
    ),
    (Level::Fatal, &["FATALE", "FATALT", "ВАЖНО", "ФАТАЛЬНО", "致命错误", "치명적오류", "ფატალური"]),
    (Level::Panic, &["PANIK", "PANICO", "PÂNICO", "ПАНИКА", "ПАНІКА", "比致命错误还过分的错误", "손상", "პანიკა"]),
    (
        Level::Low,
        &[
            "HINWEIS",
            "NOTIFICA",
            "NOTA",
            "NOTIS",
            "ЗАМЕЧАНИЕ",
            "ПОВІДОМЛЕННЯ",
            "注意",
            "알림",
            "ОТЛАДКА",
            "НАЛАГОДЖЕННЯ",
            "调试",
            "디버그",
            "გამართვა",
            "ИНФОРМАЦИЯ",
            "ІНФОРМАЦІЯ",
            "信息",
            "정보",
            "ინფორმაცია",
        ],
    ),
];

/// The further parts of an entry, by their English names.
const PARTS: &[(&str, &[&str])] = &[
    (
        "DETAIL",
        &["DÉTAIL", "DETALLE", "DETTAGLI", "DETALHE", "DETALJ", "ПОДРОБНОСТИ", "ВІДОМОСТІ", "詳細", "详细信息", "상세정보", "დეტალები"],
    ),
    ("HINT", &["TIPP", "ASTUCE", "SUGGERIMENTO", "DICA", "TIPS", "ПОДСКАЗКА", "УКАЗІВКА", "ヒント", "提示", "힌트", "მინიშნება"]),
    ("QUERY", &["ANFRAGE", "REQUÊTE", "CONSULTA", "FRÅGA", "ЗАПРОС", "ЗАПИТ", "問い合わせ", "查询", "쿼리", "მოთხოვნა"]),
    ("CONTEXT", &["ZUSAMMENHANG", "CONTEXTE", "CONTEXTO", "CONTESTO", "KONTEXT", "КОНТЕКСТ", "文脈", "上下文", "내용", "კონტექსტი"]),
    (
        "STATEMENT",
        &[
            "ANWEISUNG",
            "INSTRUCTION",
            "SENTENCIA",
            "ISTRUZIONE",
            "COMANDO",
            "SATS",
            "ОПЕРАТОР",
            "ІНСТРУКЦІЯ",
            "文",
            "语句",
            "명령 구문",
            "ოპერატორი",
        ],
    ),
    (
        "LOCATION",
        &["ORT", "EMPLACEMENT", "UBICACIÓN", "POSIZIONE", "PLATS", "ПОЛОЖЕНИЕ", "РОЗТАШУВАННЯ", "場所", "位置", "위치", "მდებარეობა"],
    ),
    ("BACKTRACE", &["PILE D'APPEL", "СТЕК", "ВІДСТЕЖУВАТИ", "バックトレース", "역추적", "სტეკი"]),
];

/// What a session's name is before it has one.
const UNKNOWN: &[&str] = &[
    "[unknown]",
    "[unbekannt]",
    "[inconnu]",
    "[desconocido]",
    "[desconhecido]",
    "[sconosciuto]",
    "[okänd]",
    "[н/д]",
    "[不明]",
    "[未知]",
    "[알수없음]",
    "[უცნობი]",
];

/// Words that contain others stand before them.
const DURATIONS: &[&str] = &[
    "Dauer: ",
    "durée : ",
    "duración: ",
    "durata: ",
    "duração: ",
    "varaktighet: ",
    "varaktighet ",
    "продолжительность: ",
    "тривалість: ",
    "期間: ",
    "执行时间: ",
    "실행시간: ",
    "수행시간: ",
    "ხანგრძლივობა: ",
];
const UNITS: &[&str] = &[" ms", " мс", " ミリ秒", " მწმ"];
const STATEMENTS: &[&str] = &[
    "Anweisung: ",
    "instruction : ",
    "sentencia: ",
    "istruzione: ",
    "comando: ",
    "sats: ",
    "оператор: ",
    "文: ",
    "语句: ",
    "명령 구문: ",
    "ოპერატორი: ",
    "გამოსახულება: ",
];
const EXECUTES: &[&str] = &[
    "Ausführen ",
    "exécute ",
    "ejecutar ",
    "esecuzione di ",
    "executar ",
    "kör ",
    "выполнение ",
    "выборка из ",
    "виконувати ",
    "виконати витягнення з ",
    "取り出し実行 ",
    "実行 ",
    "执行",
    "쿼리실행 ",
    "자료뽑기 ",
    "გაშვება ",
    "execute ",
];
/// Of parse and bind: some languages have the name first, so these are looked for up to the colon.
const PREPARES: &[&str] = &[
    "Parsen",
    "Binden",
    "analyse",
    "lien",
    "parse",
    "bind",
    "analisi di",
    "análise de",
    "ligação",
    "разбор",
    "Bind",
    "аналізування",
    "パース",
    "バインド",
    "解析",
    "绑定",
    "구문분석",
    "접속",
    "დამუშავება",
    "მიბმა",
];

/// The level that a word of another language stands for.
pub(super) fn level(word: &[u8]) -> Option<Level> {
    LEVELS.iter().find(|(_, words)| words.iter().any(|w| w.as_bytes() == word)).map(|(level, _)| *level)
}

/// A further part's word at the start of the bytes: its English name, and its length with blanks before the colon.
pub(super) fn part(rest: &[u8]) -> Option<(&'static [u8], usize)> {
    let of = |word: &&str| {
        let after = rest.strip_prefix(word.as_bytes())?;
        let blanks = after.iter().take_while(|b| **b == b' ').count();
        (blanks < 2 && after.get(blanks) == Some(&b':')).then(|| word.len() + blanks)
    };
    PARTS.iter().find_map(|(name, words)| Some((name.as_bytes(), words.iter().find_map(of)?)))
}

/// `LOG:  ` and so on, as every language writes it.
pub(super) fn severities() -> impl Iterator<Item = &'static str> {
    LEVELS.iter().flat_map(|(_, words)| words.iter().copied())
}

/// Whether a name says that there is none.
pub(super) fn is_unknown(name: &[u8]) -> bool {
    name.first() == Some(&b'[') && UNKNOWN.iter().any(|unknown| unknown.as_bytes() == name)
}

/// What a message in another language says, if it carries figures that are counted.
pub(super) fn read(text: Text<'_>) -> Option<Message<'_>> {
    let raw = text.raw;
    if let Some(label) = DURATIONS.iter().find(|label| raw.starts_with(label.as_bytes())) {
        return duration(text, label.len());
    }
    if let Some(label) = STATEMENTS.iter().find(|label| raw.starts_with(label.as_bytes())) {
        return Some(Message::Statement(text.from(label.len())));
    }
    if EXECUTES.iter().any(|word| raw.starts_with(word.as_bytes())) {
        return colon(raw, 0).map(|at| Message::Statement(text.from(at)));
    }
    lock_wait(text).or_else(|| temporary_file(raw))
}

fn duration(text: Text<'_>, at: usize) -> Option<Message<'_>> {
    let raw = text.raw;
    let (micros, len) = time::millis(raw.get(at..)?)?;
    let unit = UNITS.iter().find(|unit| raw[at + len..].starts_with(unit.as_bytes()))?;
    let after = at + len + unit.len();
    let blanks = raw[after..].iter().take_while(|b| matches!(b, b' ' | b',')).count();
    let step = after + blanks;
    let rest = &raw[step..];
    if rest.trim_ascii().is_empty() {
        return Some(Message::Duration(micros));
    }
    if rest.starts_with(b"plan:") {
        return Some(Message::Plan(micros, text.from(step + 5)));
    }
    if let Some(label) = STATEMENTS.iter().find(|label| rest.starts_with(label.as_bytes())) {
        return Some(Message::Timed(micros, Step::Statement, text.from(step + label.len())));
    }
    let sql = colon(raw, step)?;
    let head = &raw[step..sql];
    let prepare = PREPARES.iter().any(|word| memchr::memmem::find(head, word.as_bytes()).is_some());
    let execute = EXECUTES.iter().any(|word| head.starts_with(word.as_bytes()));
    match (execute, prepare) {
        (true, _) => Some(Message::Timed(micros, Step::Execute, text.from(sql))),
        // `parse: <unnamed>: …`, as Spanish has it.
        (_, true) if head == b"parse: " => Some(Message::Timed(micros, Step::Prepare, text.from(colon(raw, sql)?))),
        (_, true) => Some(Message::Timed(micros, Step::Prepare, text.from(sql))),
        _ => None,
    }
}

/// The byte behind the next colon and its blank.
fn colon(raw: &[u8], from: usize) -> Option<usize> {
    let rest = raw.get(from..)?;
    memchr::memchr_iter(b':', rest).find(|i| rest.get(i + 1) == Some(&b' ')).map(|i| from + i + 2)
}

/// A wait names the lock's mode in English in every language, and how long with three decimals.
fn lock_wait(text: Text<'_>) -> Option<Message<'_>> {
    const WAITS: &[&str] = &[
        "wartet immer noch",
        "toujours en attente",
        "aún espera",
        "ancora un attesa",
        "väntar fortfarande",
        "продолжает ожидать",
        "все ще чекає",
        "待機しています",
        "仍然等待",
        "기다리고 있음",
    ];
    const HAS: &[&str] =
        &["erlangte", "a acquis", "adquirió", "ha acquisito", " fick ", "получил", "отримав", "獲得しました", "后获取", "취득함"];
    let raw = text.raw.get(..text.raw.len().min(400))?;
    let has = |words: &[&str]| words.iter().any(|word| memchr::memmem::find(raw, word.as_bytes()).is_some());
    let acquired = has(HAS);
    if !acquired && !has(WAITS) {
        return None;
    }
    let lock = memchr::memmem::find(raw, b"Lock")?;
    let start = raw[..lock].iter().rposition(|b| !b.is_ascii_alphabetic()).map_or(0, |i| i + 1);
    // The last number with three decimals, behind a point or a comma.
    let digits = |at: usize| raw[..at].iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let point = (0..raw.len())
        .rev()
        .find(|&i| matches!(raw[i], b'.' | b',') && digits(i) > 0 && raw[i + 1..].iter().take_while(|b| b.is_ascii_digit()).count() == 3)?;
    let whole = std::str::from_utf8(&raw[point - digits(point)..point]).ok()?.parse::<u64>().ok()?;
    let part = std::str::from_utf8(&raw[point + 1..point + 4]).ok()?.parse::<u64>().ok()?;
    let object = text.to(lock + 4).from(start);
    Some(Message::LockWait { acquired, mode: object, object: text.to(0), micros: whole.saturating_mul(1000).saturating_add(part) })
}

fn temporary_file(raw: &[u8]) -> Option<Message<'static>> {
    const FILES: &[&str] = &[
        "temporäre Datei: ",
        "fichier temporaire : ",
        "archivo temporal: ",
        "file temporaneo: ",
        "temporär fil: ",
        "временный файл: ",
        "тимчасовий файл: ",
        "一時ファイル: ",
        "临时文件: ",
        "임시 파일: ",
        "დროებითი ფაილი: ",
    ];
    FILES.iter().find(|start| raw.starts_with(start.as_bytes()))?;
    let digits = raw.trim_ascii_end().iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let end = raw.trim_ascii_end().len();
    std::str::from_utf8(&raw[end - digits..end]).ok()?.parse().ok().map(Message::TempFile)
}

/// Why a statement was cancelled, and deadlocks, which are counted apart from other errors.
pub(super) fn failure(raw: &[u8]) -> Option<Message<'static>> {
    const DEADLOCKS: &[&str] = &[
        "Verklemmung (Deadlock) entdeckt",
        "interblocage (deadlock) détecté",
        "se ha detectado un deadlock",
        "rilevato deadlock",
        "deadlock upptäckt",
        "обнаружена взаимоблокировка",
        "виявлено взаємне блокування",
        "デッドロックを検出しました",
        "检测到死锁",
        "deadlock 발생했음",
        "ნაპოვნია ურთიერთბლოკირება",
    ];
    const REASONS: &[(&str, &[&str])] = &[
        (
            "lock timeout",
            &[
                "storniere Anfrage wegen Zeitüberschreitung einer Sperre",
                "annulation de la requête à cause du délai écoulé pour l'obtention des verrous",
                "cancelando la sentencia debido a que se agotó el tiempo de espera de candados",
                "annullamento dell'istruzione a causa di timeout di lock",
                "cancelando comando por causa do tempo de espera (timeout) do bloqueio",
                "avbryter sats på grund av lås-timeout",
                "выполнение оператора отменено из-за тайм-аута блокировки",
                "виконання оператора скасовано через тайм-аут блокування",
                "ロックのタイムアウトのためステートメントをキャンセルしています",
                "由于锁超时",
                "잠금 대기 시간 초과로 작업을 취소합니다",
            ],
        ),
        (
            "statement timeout",
            &[
                "storniere Anfrage wegen Zeitüberschreitung der Anfrage",
                "annulation de la requête à cause du délai écoulé pour l'exécution de l'instruction",
                "cancelando la sentencia debido a que se agotó el tiempo de espera de sentencias",
                "annullamento dell'istruzione a causa di timeout",
                "cancelando comando por causa do tempo de espera (timeout) do comando",
                "avbryter sats på grund av sats-timeout",
                "выполнение оператора отменено из-за тайм-аута",
                "виконання оператора скасовано через тайм-аут",
                "ステートメントのタイムアウトのためステートメントをキャンセルしています",
                "由于语句执行超时",
                "명령실행시간 초과로 작업을 취소합니다",
            ],
        ),
        (
            "user request",
            &[
                "storniere Anfrage wegen Benutzeraufforderung",
                "annulation de la requête à la demande de l'utilisateur",
                "cancelando la sentencia debido a una petición del usuario",
                "annullamento dell'istruzione su richiesta dell'utente",
                "cancelando comando por causa de um pedido do usuário",
                "avbryter sats på användares begäran",
                "выполнение оператора отменено по запросу пользователя",
                "виконання оператора скасовано по запиту користувача",
                "ユーザーからの要求により文をキャンセルしています",
                "由于用户请求而正在取消查询",
                "사용자 요청에 의해 작업을 취소합니다",
            ],
        ),
    ];
    let begins = |text: &&str| raw.starts_with(text.as_bytes());
    if DEADLOCKS.iter().any(&begins) {
        return Some(Message::Deadlock);
    }
    REASONS.iter().find(|(_, texts)| texts.iter().any(&begins)).map(|(why, _)| Message::Cancelled(why))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn shown(text: &str) -> String {
        match read(Text { raw: text.as_bytes(), ..Text::default() }) {
            Some(Message::Timed(micros, step, sql)) => format!("{micros} {step:?} {}", sql.string()),
            Some(Message::Duration(micros)) => format!("{micros}"),
            Some(Message::Statement(sql)) => format!("statement {}", sql.string()),
            Some(Message::LockWait { acquired, mode, micros, .. }) => format!("{acquired} {} {micros}", mode.string()),
            Some(Message::TempFile(bytes)) => format!("{bytes} bytes"),
            _ => String::new(),
        }
    }

    #[test]
    fn durations_and_statements_are_read_in_every_language() {
        for text in [
            "Dauer: 1.250 ms  Anweisung: SELECT 1",
            "durée : 1.250 ms, instruction : SELECT 1",
            "duración: 1.250 ms  sentencia: SELECT 1",
            "durata: 1.250 ms  istruzione: SELECT 1",
            "duração: 1.250 ms  comando: SELECT 1",
            "varaktighet: 1.250 ms  sats: SELECT 1",
            "продолжительность: 1.250 мс, оператор: SELECT 1",
            "тривалість: 1.250 мс, оператор: SELECT 1",
            "期間: 1.250 ミリ秒  文: SELECT 1",
            "执行时间: 1.250 ms 语句: SELECT 1",
            "실행시간: 1.250 ms  명령 구문: SELECT 1",
            "ხანგრძლივობა: 1.250 მწმ  გამოსახულება: SELECT 1",
        ] {
            assert_eq!(shown(text), "1250 Statement SELECT 1", "{text}");
        }
        for text in [
            "Dauer: 1.250 ms  Parsen <unnamed>: SELECT 1",
            "durée : 1.250 ms, analyse <unnamed> : SELECT 1",
            "durée : 1.250 ms, lien s1/p1 : SELECT 1",
            "duración: 1.250 ms  parse: <unnamed>: SELECT 1",
            "durata: 1.250 ms  analisi di <unnamed>: SELECT 1",
            "duração: 1.250 ms  ligação <unnamed>: SELECT 1",
            "продолжительность: 1.250 мс, сообщение Bind <unnamed>: SELECT 1",
            "期間: 1.250 ミリ秒  パース<unnamed> : SELECT 1",
            "执行时间: 1.250 ms 绑定<unnamed>: SELECT 1",
            "실행시간: 1.250 ms  <unnamed> 구문분석: SELECT 1",
        ] {
            assert_eq!(shown(text), "1250 Prepare SELECT 1", "{text}");
        }
        for text in [
            "Dauer: 1.250 ms  Ausführen <unnamed>: SELECT 1",
            "Dauer: 1.250 ms  Ausführen Fetch von s/p: SELECT 1",
            "durée : 1.250 ms  exécute s1: SELECT 1",
            "duración: 1.250 ms  ejecutar <unnamed>: SELECT 1",
            "продолжительность: 1.250 мс  выполнение <unnamed>: SELECT 1",
            "期間: 1.250 ミリ秒  実行 <unnamed>: SELECT 1",
            "执行时间: 1.250 ms 执行<unnamed>: SELECT 1",
            "수행시간: 1.250 ms  쿼리실행 <unnamed>: SELECT 1",
        ] {
            assert_eq!(shown(text), "1250 Execute SELECT 1", "{text}");
        }
        assert_eq!((shown("durée : 2.000 ms"), shown("varaktighet 2.000 ms")), ("2000".to_owned(), "2000".to_owned()));
        assert_eq!(shown("Anweisung: SELECT 1"), "statement SELECT 1");
        assert_eq!(shown("выполнение s1: SELECT 1"), "statement SELECT 1");
        assert_eq!(shown("Verbindung autorisiert: Benutzer=x"), "");
    }

    #[test]
    fn waits_and_files_are_read_in_every_language() {
        let german = "Prozess 71 wartet immer noch auf ShareLock-Sperre auf Transaktion 750 nach 1000,123 ms";
        assert_eq!(shown(german), "false ShareLock 1000123");
        let russian = "процесс 71 получил в режиме AccessShareLock блокировку \"отношение 1 базы данных 5\" через 2000.001 мс";
        assert_eq!(shown(russian), "true AccessShareLock 2000001");
        assert_eq!(shown("temporäre Datei: Pfad »base/pgsql_tmp/pgsql_tmp7.0«, Größe 4096"), "4096 bytes");
        assert!(matches!(failure("interblocage (deadlock) détecté".as_bytes()), Some(Message::Deadlock)));
        let timeout = failure("выполнение оператора отменено из-за тайм-аута блокировки".as_bytes());
        assert!(matches!(timeout, Some(Message::Cancelled("lock timeout"))));
    }

    #[test]
    fn words_have_their_english_names() {
        assert_eq!((level("ОШИБКА".as_bytes()), level(b"FEHLER"), level(b"SELECT")), (Some(Level::Error), Some(Level::Error), None));
        assert_eq!(part("CONTEXTE :  x".as_bytes()).unwrap(), (&b"CONTEXT"[..], 9));
        assert_eq!(part("명령 구문:  x".as_bytes()).unwrap().0, b"STATEMENT");
        assert_eq!(part("文脈:  x".as_bytes()).unwrap().0, b"CONTEXT");
        assert!(part("文書:  x".as_bytes()).is_none() && is_unknown("[н/д]".as_bytes()));
    }
}
