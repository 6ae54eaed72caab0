{{- define "usher.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{- define "usher.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "usher.chosen" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .part }}
{{- end }}

{{- define "usher.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{- /* What every pod has in common: no rights that Usher does not need. */ -}}
{{- define "usher.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.image.pullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "usher.container" -}}
image: {{ include "usher.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{- define "usher.environment" -}}
- {name: USHER_PUBLIC_URL, value: {{ .Values.publicUrl | quote }}}
- {name: USHER_LOG_FORMAT, value: json}
- {name: USHER_METRICS_ADDRESS, value: "0.0.0.0:9464"}
- {name: USHER_METRICS_ADDRESS, value: "0.0.0.0:9464"}
- name: USHER_DATABASE_URL
  valueFrom: {secretKeyRef: {name: {{ .Values.secret }}, key: database-url}}
- name: USHER_MASTER_KEYS
  valueFrom: {secretKeyRef: {name: {{ .Values.secret }}, key: master-keys}}
{{- range $setting, $key := dict "USHER_GITHUB_PRIVATE_KEY" "github-private-key" "USHER_GITHUB_WEBHOOK_SECRETS" "github-webhook-secrets" "USHER_GITLAB_TOKEN" "gitlab-token" "USHER_GITLAB_SIGNING_TOKENS" "gitlab-signing-tokens" }}
- name: {{ $setting }}
  valueFrom: {secretKeyRef: {name: {{ $.Values.secret }}, key: {{ $key }}, optional: true}}
{{- end }}
{{- range $name, $value := .Values.settings }}
- {name: {{ $name }}, value: {{ $value | quote }}}
{{- end }}
{{- end }}
