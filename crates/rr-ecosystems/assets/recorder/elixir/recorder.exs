# Records ExUnit's outcomes as JSON lines, one file per run of a suite. Loaded by `elixir -r` before
# mix, which is told to use it as a formatter; read by `reports/recorder.rs`, which documents the
# records. Needs no library, since the suite's own may be of any version.
defmodule RepoRunner.Recorder do
  use GenServer

  # Taken out of the environment before any test is loaded: what tests start must not record itself.
  @folder System.get_env("REPO_RUNNER_REPORTS")
  @nonce System.get_env("REPO_RUNNER_NONCE") || ""
  System.delete_env("REPO_RUNNER_REPORTS")
  System.delete_env("REPO_RUNNER_NONCE")

  @impl true
  def init(_options) do
    number = :erlang.unique_integer([:positive])
    path = Path.join(@folder, "recorder-#{System.pid()}-#{number}.jsonl")
    {:ok, file} = File.open(path, [:write, :exclusive, :raw])
    state = %{file: file, number: 0, outcomes: %{}}
    {:ok, write(state, e: "start", v: 1, runner: "exunit", nonce: @nonce)}
  end

  @impl true
  def handle_cast({:test_started, test}, state) do
    {:noreply, write(state, e: "begin", id: id(test))}
  end

  def handle_cast({:test_finished, test}, state) do
    {outcome, message} = outcome(test.state)
    state = %{state | outcomes: Map.put(state.outcomes, id(test), outcome)}
    record = [e: "case", id: id(test), o: outcome, s: test.time / 1_000_000]
    {:noreply, write(state, if(message, do: record ++ [m: clip(message)], else: record))}
  end

  def handle_cast({:suite_finished, _}, state), do: {:noreply, finish(state)}
  def handle_cast({:suite_finished, _, _}, state), do: {:noreply, finish(state)}
  def handle_cast(_, state), do: {:noreply, state}

  defp finish(state) do
    counts = Enum.frequencies(Map.values(state.outcomes))
    write(state, e: "end", counts: Enum.to_list(counts), ok: true, nonce: @nonce)
  end

  defp id(test), do: "#{inspect(test.module)} #{test.name}"

  defp outcome(nil), do: {"passed", nil}
  defp outcome({:failed, failures}), do: {"failed", Enum.map_join(failures, "\n", &failure/1)}
  defp outcome({:skipped, reason}), do: {"skipped", to_text(reason)}
  defp outcome({:excluded, reason}), do: {"skipped", to_text(reason)}
  defp outcome({:invalid, _}), do: {"errored", "its module's set-up failed"}

  defp failure({kind, reason, stack}), do: Exception.format(kind, reason, stack)

  defp to_text(text) when is_binary(text), do: text
  defp to_text(term), do: inspect(term)

  defp clip(text), do: if(String.length(text) > 4000, do: String.slice(text, 0, 4000), else: text)

  defp write(state, fields) do
    number = state.number + 1
    :ok = :file.write(state.file, [json(fields ++ [{"n#", number}]), "\n"])
    %{state | number: number}
  end

  defp json(value) when is_boolean(value) or is_integer(value), do: to_string(value)
  defp json(value) when is_float(value), do: :erlang.float_to_binary(value, decimals: 6)

  defp json(value) when is_list(value) do
    pairs = Enum.map_join(value, ",", fn {name, field} -> [?", to_string(name), ?", ?:, json(field)] end)
    ["{", pairs, "}"] |> IO.iodata_to_binary()
  end

  defp json(value) when is_binary(value) do
    text = if String.valid?(value), do: value, else: inspect(value)
    "\"" <> String.replace(text, ~r/["\\\x00-\x1f]/u, &escape/1) <> "\""
  end

  defp escape("\""), do: "\\\""
  defp escape("\\"), do: "\\\\"
  defp escape("\n"), do: "\\n"
  defp escape(<<code>>), do: "\\u" <> String.pad_leading(Integer.to_string(code, 16), 4, "0")
end
